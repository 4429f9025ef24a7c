<?php
// Creates a customer, unless its custnr is taken: the code of an error tells.
$curl = curl_init('https://customers.example/customers');
curl_setopt_array($curl, [
    CURLOPT_HTTPAUTH => CURLAUTH_DIGEST,
    CURLOPT_USERPWD => 'acme:secret',
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_POSTFIELDS => http_build_query(['name' => 'Tandläkarna', 'custnr' => 'SE-1002']),
]);
$body = curl_exec($curl);
$status = curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
$errors = json_decode($body)->errors ?? [];
if ($status === 200) {
    echo "created\n";
} elseif (in_array('custnr_taken', array_column($errors, 'code'))) {
    echo "SE-1002 is taken\n";
} else {
    // A 401 is plain text, and so may be what a proxy on the way answers.
    throw new RuntimeException("$status: $body");
}
