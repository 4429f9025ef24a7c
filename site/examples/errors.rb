# Creates a customer, unless its custnr is taken: the code of an error tells.
require "net/http"
require "json"

url = URI("https://customers.example/customers")
request = Net::HTTP::Post.new(url)
request.basic_auth 'acme', 'secret'
request.set_form_data(name: "Tandläkarna", custnr: "SE-1002")
answer = Net::HTTP.start(url.host, url.port, use_ssl: url.scheme == "https") { |http| http.request(request) }
# What is not JSON has no code: a 401, and what a proxy on the way answers.
abort answer.body unless answer.content_type == "application/json"
codes = JSON.parse(answer.body).fetch("errors", []).map { |error| error["code"] }
if codes.empty? then puts "created"
elsif codes.include?("custnr_taken") then puts "SE-1002 is taken"
else abort answer.body
end
