# Creates a customer, unless its custnr is taken: the code of an error tells.
answer=$(curl --digest -u 'acme:secret' https://customers.example/customers \
  --data-urlencode 'name=Tandläkarna' --data-urlencode 'custnr=SE-1002' -w '\n%{http_code}')
case "$answer" in
  *$'\n'200) echo "created" ;;
  *'"code":"custnr_taken"'*) echo "SE-1002 is taken" ;;
  *) echo "$answer" >&2; exit 1 ;;
esac
