<?php
// php life.php LIBRARY ORIGIN USERNAME PASSWORD: a customer's life with the PHP client of openapi-generator. LIBRARY is
// the folder of its code. Guzzle comes from the system's package.

require '/usr/share/php/GuzzleHttp/autoload.php';

use OpenAPI\Client\Api\CustomersApi;
use OpenAPI\Client\Api\ErasureApi;
use OpenAPI\Client\Api\MeasuresApi;
use OpenAPI\Client\ApiException;
use OpenAPI\Client\Configuration;
use OpenAPI\Client\Model\CustomerChange;
use OpenAPI\Client\Model\NewCustomer;
use OpenAPI\Client\Model\NewMeasure;

[, $library, $origin, $username, $password] = $argv;

spl_autoload_register(function (string $class) use ($library): void {
    $name = str_replace('\\', '/', substr($class, strlen('OpenAPI\\Client\\')));
    if (str_starts_with($class, 'OpenAPI\\Client\\') && is_file("$library/$name.php")) {
        require "$library/$name.php";
    }
});

function connect(string $secret): Configuration
{
    global $origin, $username;
    return (new Configuration())->setHost($origin)->setUsername($username)->setPassword($secret);
}

function failure(callable $call): ApiException
{
    try {
        $call();
    } catch (ApiException $error) {
        return $error;
    }
    throw new LogicException('the call did not fail');
}

function code(ApiException $error): string
{
    return $error->getResponseObject()->getErrors()[0]->getCode();
}

$http = new GuzzleHttp\Client();
$config = connect($password);
[$customers, $erasure, $measures] =
    [new CustomersApi($http, $config), new ErasureApi($http, $config), new MeasuresApi($http, $config)];

$body = new NewCustomer(['name' => 'Åkeri & Söner 100 %', 'custnr' => 'A+1/2']);
$created = $customers->createCustomer($body)->getCustomers()[0];
$id = $created->getCustomerId();
$taken = failure(fn () => $customers->createCustomer($body));
$page = $customers->listCustomers(custnr: 'A+1/2', pagesize: 10);
$change = new CustomerChange(['email' => 'post@example.com']);
$changed = $customers->updateCustomer($id, customer_change: $change)->getCustomers()[0];
$measure = ['name' => 'Leaflet', 'phonenr' => '+46313900650', 'destnr' => '+46313900602'];
$measures->createMeasure($id, new NewMeasure($measure));
$listed = $measures->listMeasures($id);
$preview = $erasure->eraseCustomer($id, 1)->getErasure();
$receipt = $erasure->eraseCustomer($id)->getErasure();
$gone = failure(fn () => $customers->getCustomer($id));
$wrong = new CustomersApi($http, connect('wrong'));
$refused = failure(fn () => $wrong->listCustomers());
$left = $customers->listCustomers();

echo json_encode([
    'created' => $created->getCustnr(),
    'taken' => code($taken),
    'listed' => $page->getTotal(),
    'changed' => $changed->getEmail(),
    'measures' => count($listed->getMeasures()),
    'previewed' => $preview->getRemovedAt(),
    'masked' => $receipt->getPhoneNumbersMasked(),
    'status' => $receipt->getStatus(),
    'gone' => code($gone),
    'refused' => $refused->getCode(),
    'left' => $left->getTotal(),
], JSON_THROW_ON_ERROR), "\n";
