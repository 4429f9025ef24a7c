# Lists all customers page by page: the Link header names the next page. The
# page size is 2 here, to show several pages. It can be up to 1000.
next='/customers?pagesize=2'
while [ "$next" ]; do
  link=$(curl --digest -u 'acme:secret' -o page.json -w '%header{link}' "https://customers.example$next")
  cat page.json
  next=${link#<}
  next=${next%%>*}
done
