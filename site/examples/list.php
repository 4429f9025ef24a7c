<?php
// All customers, a page at a time: the Link header names the next page.
// Two on a page, to show it; a page may have 1000.
$next = '/customers?pagesize=2';
while ($next !== '') {
    $curl = curl_init('http://127.0.0.1:8787' . $next);
    $next = '';
    curl_setopt_array($curl, [
        CURLOPT_HTTPAUTH => CURLAUTH_DIGEST,
        CURLOPT_USERPWD => 'demo:demo-password',
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_HEADERFUNCTION => function ($curl, $line) use (&$next) {
            if (preg_match('/^link: <(.+)>; rel="next"/i', $line, $found)) {
                $next = $found[1];
            }
            return strlen($line);
        },
    ]);
    $body = curl_exec($curl);
    if (curl_getinfo($curl, CURLINFO_RESPONSE_CODE) !== 200) {
        throw new RuntimeException($body ?: curl_error($curl));
    }
    foreach (json_decode($body)->customers as $customer) {
        echo "$customer->customer_id $customer->name\n";
    }
}
