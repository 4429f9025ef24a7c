<?php
// Changes only the fields that you send. If someone changed the customer after
// you read its ETag, the answer is 412 and nothing changes.
$customer = 2;
$etag = '';
$curl = curl_init("http://127.0.0.1:8787/customers/$customer");
curl_setopt_array($curl, [
    CURLOPT_HTTPAUTH => CURLAUTH_DIGEST,
    CURLOPT_USERPWD => 'demo:demo-password',
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_HEADERFUNCTION => function ($curl, $line) use (&$etag) {
        if (stripos($line, 'etag:') === 0) {
            $etag = trim(substr($line, 5));
        }
        return strlen($line);
    },
]);
curl_exec($curl);
if (curl_getinfo($curl, CURLINFO_RESPONSE_CODE) !== 200) {
    throw new RuntimeException("customer $customer could not be read");
}
curl_setopt_array($curl, [
    CURLOPT_CUSTOMREQUEST => 'PUT',
    CURLOPT_HTTPHEADER => ["If-Match: $etag"],
    CURLOPT_POSTFIELDS => http_build_query(['email' => 'reception@jarntorget-tand.example']),
]);
$body = curl_exec($curl);
if (curl_getinfo($curl, CURLINFO_RESPONSE_CODE) !== 200) {
    throw new RuntimeException($body ?: curl_error($curl));
}
echo json_decode($body)->customers[0]->email, "\n";
