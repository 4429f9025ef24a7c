<?php
// Posts up to 1000 calls at once. If one is invalid, none is stored. Leave out
// anum if the caller withheld the number, and cnum if nobody answered.
$customer = 2;
$curl = curl_init("http://127.0.0.1:8787/customers/$customer/calls");
curl_setopt_array($curl, [
    CURLOPT_HTTPAUTH => CURLAUTH_DIGEST,
    CURLOPT_USERPWD => 'demo:demo-password',
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_HTTPHEADER => ['Content-Type: application/json'],
    CURLOPT_POSTFIELDS => json_encode(['calls' => [
        [
            'measure_id' => 4,
            'start' => '2026-09-05 10:00:00',
            'duration' => 42,
            'answered' => 1,
            'anum' => '+46701740699',
            'bnum' => '+46313900601',
            'cnum' => '+46313900650',
        ],
        ['measure_id' => 4, 'start' => '2026-09-05 10:07:30', 'bnum' => '+46313900601'],
    ]]),
]);
$body = curl_exec($curl);
if (curl_getinfo($curl, CURLINFO_RESPONSE_CODE) !== 200) {
    throw new RuntimeException($body ?: curl_error($curl));
}
echo count(json_decode($body)->calls), " calls\n";
