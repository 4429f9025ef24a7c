# Lists all customers page by page: the Link header names the next page. The
# page size is 2 here, to show several pages. It can be up to 1000.
require "net/http"
require "json"

base = URI("https://customers.example")
path = "/customers?pagesize=2"
Net::HTTP.start(base.host, base.port, use_ssl: base.scheme == "https") do |http|
  while path
    request = Net::HTTP::Get.new(path)
    request.basic_auth 'acme', 'secret'
    answer = http.request(request)
    answer.value # raises unless it is a 2xx
    JSON.parse(answer.body)["customers"].each { |one| puts "#{one["customer_id"]} #{one["name"]}" }
    path = answer["Link"]&.slice(/<(.+)>; rel="next"/, 1)
  end
end
