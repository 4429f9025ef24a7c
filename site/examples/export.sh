# Saves everything stored about a customer as one JSON document.
customer=2
curl --digest -u 'demo:demo-password' -o "customer-$customer.json" \
  "http://127.0.0.1:8787/customers/$customer/export"
