<?php
// The key is yours to choose, one for each customer you create. Send the request
// again when its answer got lost: the same key never creates a second customer.
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
