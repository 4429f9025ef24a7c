<?php
// Choose a new key for each customer that you create. If the answer gets lost,
// send the request again: the same key never creates a second customer.
$curl = curl_init('http://127.0.0.1:8787/customers');
curl_setopt_array($curl, [
    CURLOPT_HTTPAUTH => CURLAUTH_DIGEST,
    CURLOPT_USERPWD => 'demo:demo-password',
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_HTTPHEADER => ['Idempotency-Key: crm-4711'],
    CURLOPT_POSTFIELDS => http_build_query([
        'name' => 'Bergström & Söner AB',
        'custnr' => 'SE-1010',
        'email' => 'post@bergstrom.example',
    ]),
]);
$body = curl_exec($curl);
if (curl_getinfo($curl, CURLINFO_RESPONSE_CODE) !== 200) {
    throw new RuntimeException($body ?: curl_error($curl));
}
echo json_decode($body)->customers[0]->customer_id, "\n";
