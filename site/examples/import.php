<?php
// Creates the customers of customers.json, 500 at a time: a list of objects such
// as {"name": "Nordlund AB", "custnr": "1"}. After a failure run it again with the
// same file: what was created is answered once more, and nothing is created twice.
$all = json_decode(file_get_contents('customers.json'), true, 512, JSON_THROW_ON_ERROR);
foreach (array_chunk($all, 500) as $at => $list) {
    $body = json_encode(['customers' => $list], JSON_THROW_ON_ERROR);
    for ($attempt = 0; $attempt < 8; $attempt++) {
        $wait = 2 ** $attempt;
        $curl = curl_init('https://customers.example/customers');
        curl_setopt_array($curl, [
            CURLOPT_HTTPAUTH => CURLAUTH_DIGEST,
            CURLOPT_USERPWD => 'acme:secret',
            CURLOPT_POSTFIELDS => $body,
            CURLOPT_HTTPHEADER => ['Content-Type: application/json', 'Idempotency-Key: ' . hash('sha256', $body)],
            CURLOPT_TIMEOUT => 60,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_HEADERFUNCTION => function ($curl, $line) use (&$wait) {
                if (preg_match('/^retry-after: (\d+)/i', $line, $found)) {
                    $wait = (int) $found[1];
                }
                return strlen($line);
            },
        ]);
        $answer = curl_exec($curl);
        $status = curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
        // Without an answer, ask for it again.
        if ($answer !== false && !in_array($status, [429, 503], true)) {
            break;
        }
        sleep($wait);
    }
    if ($answer === false || $status !== 200) {
        throw new RuntimeException('from customers[' . 500 * $at . '] on: ' . ($answer ?: curl_error($curl)));
    }
    foreach (json_decode($answer)->customers as $customer) {
        echo "$customer->customer_id $customer->custnr\n";
    }
}
