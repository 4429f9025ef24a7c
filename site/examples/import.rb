# Creates the customers of customers.json, 500 at a time: a list of objects such
# as {"name": "Nordlund AB", "custnr": "1"}. After a failure run it again with the
# same file: what was created is answered once more, and nothing is created twice.
require "digest"
require "json"
require "net/http"

uri = URI("https://customers.example/customers")
JSON.parse(File.read("customers.json", encoding: "utf-8")).each_slice(500).with_index do |list, at|
  body = JSON.generate("customers" => list)
  answer = nil
  8.times do |attempt|
    request = Net::HTTP::Post.new(uri, "Content-Type" => "application/json",
                                       "Idempotency-Key" => Digest::SHA256.hexdigest(body))
    request.basic_auth 'acme', 'secret'
    request.body = body
    begin
      answer = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == "https") { |http| http.request(request) }
    rescue SystemCallError, IOError, Timeout::Error
      answer = nil # The answer is lost: ask for it again.
    end
    break unless answer.nil? || %w[429 503].include?(answer.code)
    sleep (answer && answer["Retry-After"] || 2**attempt).to_i
  end
  raise "from customers[#{500 * at}] on: #{answer ? answer.body : "no answer"}" unless answer.is_a?(Net::HTTPSuccess)
  JSON.parse(answer.body)["customers"].each { |one| puts "#{one["customer_id"]} #{one["custnr"]}" }
end
