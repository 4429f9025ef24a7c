<?php
// Saves everything stored about a customer as one JSON document.
$customer = 2;
$curl = curl_init("http://127.0.0.1:8787/customers/$customer/export");
curl_setopt_array($curl, [
    CURLOPT_HTTPAUTH => CURLAUTH_DIGEST,
    CURLOPT_USERPWD => 'demo:demo-password',
    CURLOPT_RETURNTRANSFER => true,
]);
$body = curl_exec($curl);
if (curl_getinfo($curl, CURLINFO_RESPONSE_CODE) !== 200) {
    throw new RuntimeException($body ?: curl_error($curl));
}
file_put_contents("customer-$customer.json", $body);
