# Reads all changes, a page at a time. Keep the last `after`, and begin with it
# the next time.
require "net/http"
require "json"

base = URI("https://customers.example")
after = 0
Net::HTTP.start(base.host, base.port, use_ssl: base.scheme == "https") do |http|
  loop do
    request = Net::HTTP::Get.new("/customers/changes?after=#{after}")
    request.basic_auth 'acme', 'secret'
    answer = http.request(request)
    answer.value # raises unless it is a 2xx
    page = JSON.parse(answer.body)
    page["changes"].each do |change|
      puts "#{change["at"]} #{change["action"]} #{change["kind"]}: customer #{change["customer_id"]}"
    end
    break if page["after"] == after
    after = page["after"]
  end
end
