<?php
// Reads all changes, a page at a time. Keep the last $after, and begin with it the next time.
$curl = curl_init();
curl_setopt_array($curl, [
    CURLOPT_HTTPAUTH => CURLAUTH_DIGEST,
    CURLOPT_USERPWD => 'acme:secret',
    CURLOPT_RETURNTRANSFER => true,
]);
$after = 0;
do {
    $url = "https://customers.example/customers/changes?after=$after";
    curl_setopt($curl, CURLOPT_URL, $url);
    $body = curl_exec($curl);
    if (curl_getinfo($curl, CURLINFO_RESPONSE_CODE) !== 200) {
        throw new RuntimeException($body ?: curl_error($curl));
    }
    $page = json_decode($body, true, 512, JSON_THROW_ON_ERROR);
    foreach ($page['changes'] as $change) {
        echo "{$change['at']} {$change['action']} {$change['kind']}: customer {$change['customer_id']}\n";
    }
    $isNew = $page['after'] !== $after;
    $after = $page['after'];
} while ($isNew);
