<?php
// Lists all customers page by page: the Link header names the next page. The
// page size is 2 here, to show several pages. It can be up to 1000.
$next = '/customers?pagesize=2';
while ($next !== '') {
    $curl = curl_init('https://customers.example' . $next);
    $next = '';
    curl_setopt_array($curl, [
        CURLOPT_HTTPAUTH => CURLAUTH_DIGEST,
        CURLOPT_USERPWD => 'acme:secret',
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
