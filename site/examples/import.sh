# Creates the customers of customers.json, up to 1,000: a list of objects such
# as {"name": "Nordlund AB", "custnr": "1"}. curl waits as Retry-After says. After
# a failure run it again: nothing is created twice.
printf '{"customers":%s}' "$(cat customers.json)" > list.json
curl --digest -u 'acme:secret' --retry 8 --retry-connrefused --fail-with-body \
  -H "Idempotency-Key: $(sha256sum < list.json | cut -c 1-64)" \
  --json @list.json https://customers.example/customers
