<?php
// destnr is the tracking number. Its calls go to phonenr.
$customer = 2;
$curl = curl_init("http://127.0.0.1:8787/customers/$customer/measures");
curl_setopt_array($curl, [
    CURLOPT_HTTPAUTH => CURLAUTH_DIGEST,
    CURLOPT_USERPWD => 'demo:demo-password',
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_POSTFIELDS => http_build_query([
        'name' => 'Leaflet',
        'media' => 'Print',
        'destnr' => '+46313900602',
        'phonenr' => '+46313900650',
    ]),
]);
$body = curl_exec($curl);
if (curl_getinfo($curl, CURLINFO_RESPONSE_CODE) !== 200) {
    throw new RuntimeException($body ?: curl_error($curl));
}
echo json_decode($body)->measures[0]->measure_id, "\n";
