#include "network/zone/dns_message.h"

#include "base/ip.h"

namespace network::zone {
namespace {

constexpr int kSoa = 6;

std::string word(uint32_t number) { return {static_cast<char>(number >> 8), static_cast<char>(number)}; }
std::string double_word(uint32_t number) { return word(number >> 16) + word(number & 0xffff); }
int word_at(const std::string& text, size_t at) { return static_cast<unsigned char>(text[at]) << 8 | static_cast<unsigned char>(text[at + 1]); }

/// A name as length-prefixed labels, uncompressed.
std::string encode_name(std::string_view name) {
  std::string out;
  for (const std::string& label : split(name, '.'))
    if (!label.empty() && label.size() < 64) out += static_cast<char>(label.size()) + label;
  return out + '\0';
}

std::string encode_text(const std::string& value) {
  std::string text = value.starts_with('"') && value.ends_with('"') && value.size() > 1 ? value.substr(1, value.size() - 2) : value, out;
  for (size_t at = 0; at < text.size() || at == 0; at += 255) {
    std::string part = text.substr(at, 255);
    out += static_cast<char>(part.size()) + part;
  }
  return out;
}

uint32_t number(const StringList& fields, size_t at) { return at < fields.size() ? static_cast<uint32_t>(parse_uint(fields[at]).value_or(0)) : 0; }

/// Type code and data of a record; nothing for types not known here.
std::optional<std::pair<int, std::string>> encode_data(const DnsRecord& record) {
  StringList fields = split_list(record.value, ' ');
  auto name = [&](size_t at) { return encode_name(at < fields.size() ? fields[at] : ""); };
  if (record.type == "A" || record.type == "AAAA") {
    auto address = IpAddress::parse(record.value);
    if (!address || address->is_v4() != (record.type == "A")) return std::nullopt;
    return std::pair{record.type == "A" ? 1 : 28, std::string(reinterpret_cast<const char*>(address->bytes()), address->size())};
  }
  if (record.type == "NS") return std::pair{2, name(0)};
  if (record.type == "CNAME") return std::pair{5, name(0)};
  if (record.type == "PTR") return std::pair{12, name(0)};
  if (record.type == "MX") return std::pair{15, word(number(fields, 0)) + name(1)};
  if (record.type == "TXT") return std::pair{16, encode_text(record.value)};
  if (record.type == "SRV") return std::pair{33, word(number(fields, 0)) + word(number(fields, 1)) + word(number(fields, 2)) + name(3)};
  if (record.type != "SOA") return std::nullopt;
  std::string data = name(0) + name(1);
  for (size_t at = 2; at < 7; at++) data += double_word(number(fields, at));
  return std::pair{kSoa, data};
}

}  // namespace

std::optional<Query> parse_query(const std::string& packet) {
  if (packet.size() < 12) return std::nullopt;
  Query query{.header = packet.substr(0, 12), .question = "", .name = "", .type = 0, .questions = word_at(packet, 4)};
  if (query.questions != 1) return query;
  size_t at = 12;
  while (at < packet.size() && packet[at] != 0) {
    size_t length = static_cast<unsigned char>(packet[at]);
    if (length > 63 || at + 1 + length >= packet.size()) return std::nullopt;
    query.name += (query.name.empty() ? "" : ".") + to_lower(packet.substr(at + 1, length));
    at += 1 + length;
  }
  if (at + 5 > packet.size()) return std::nullopt;
  query.type = word_at(packet, at + 1);
  query.question = packet.substr(12, at + 5 - 12);
  return query;
}

std::string build_answer(const Query& query, int code, const std::vector<DnsRecord>& records) {
  std::string body;
  uint32_t count = 0;
  for (const DnsRecord& record : records) {
    auto data = encode_data(record);
    if (!data || body.size() > 60'000) continue;
    body += encode_name(record.name) + word(static_cast<uint32_t>(data->first)) + word(1) + double_word(record.ttl) +
            word(static_cast<uint32_t>(data->second.size())) + data->second;
    count++;
  }
  // Answer, authoritative; operation and recursion wish as asked.
  int flags = 0x8400 | (word_at(query.header, 2) & 0x7900) | code;
  return query.header.substr(0, 2) + word(static_cast<uint32_t>(flags)) + word(query.question.empty() ? 0 : 1) + word(count) + word(0) + word(0) +
         query.question + body;
}

}  // namespace network::zone
