<?php
// Use your customer's id. The first request only counts what the erasure would
// do. The second erases, which cannot be undone. The third reads the receipt.
$customer = 1;
$requests = [
    ['DELETE', "/customers/$customer?dry_run=1"],
    ['DELETE', "/customers/$customer"],
    ['GET', "/customers/$customer/erasure"],
];
foreach ($requests as [$method, $path]) {
    $curl = curl_init('http://127.0.0.1:8787' . $path);
    curl_setopt_array($curl, [
        CURLOPT_HTTPAUTH => CURLAUTH_DIGEST,
        CURLOPT_USERPWD => 'demo:demo-password',
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_CUSTOMREQUEST => $method,
    ]);
    $body = curl_exec($curl);
    if (curl_getinfo($curl, CURLINFO_RESPONSE_CODE) !== 200) {
        throw new RuntimeException($body ?: curl_error($curl));
    }
    echo "$body\n";
}
