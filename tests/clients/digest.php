<?php
// php digest.php ORIGIN USERNAME PASSWORD REQUESTS
//
// Sends requests as the published PHP client does: with ext/curl, digest authentication, the method as a custom
// request, and the parameters in a urlencoded body, except for GET. REQUESTS is a JSON array of
// [method, path, parameters]. The output is a JSON array of [status, body].

[, $origin, $username, $password, $requests] = $argv;

$answers = [];
foreach (json_decode($requests, true, 512, JSON_THROW_ON_ERROR) as [$method, $path, $parameters]) {
    $query = http_build_query($parameters);
    $url = $origin . $path . ($method === 'GET' && $query !== '' ? '?' . $query : '');
    $curl = curl_init($url);
    curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
    curl_setopt($curl, CURLOPT_TIMEOUT, 30);
    curl_setopt($curl, CURLOPT_HTTPAUTH, CURLAUTH_DIGEST);
    curl_setopt($curl, CURLOPT_USERPWD, $username . ':' . $password);
    curl_setopt($curl, CURLOPT_CUSTOMREQUEST, $method);
    if ($method !== 'GET') {
        curl_setopt($curl, CURLOPT_POSTFIELDS, $query);
    }
    $body = curl_exec($curl);
    if ($body === false) {
        fwrite(STDERR, "$method $path: " . curl_error($curl) . "\n");
        exit(1);
    }
    $answers[] = [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), $body];
}
echo json_encode($answers, JSON_THROW_ON_ERROR), "\n";
