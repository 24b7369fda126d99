// What comes with requests and config values: the first byte picks the parser of the rest.
#include <cstdint>
#include <string>

#include "api/filter.h"
#include "api/json.h"
#include "api/yaml.h"
#include "base/encode.h"
#include "base/ip.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "client/download.h"
#include "http/certificate.h"
#include "http/jwt.h"
#include "http/message.h"
#include "sys/idmap.h"

namespace {

using Parse = void (*)(const std::string& text);

constexpr Parse kParsers[] = {
    [](const std::string& text) {
      if (auto json = api::parse_json(text)) (void)api::dump_json(*json);
    },
    [](const std::string& text) {
      if (auto json = api::parse_yaml(text)) (void)api::dump_yaml(*json);
    },
    [](const std::string& text) {
      static const Json kObject = {{"name", "c1"}, {"config", {{"user.a", "b"}}}, {"size", 5}, {"list", {1, 2}}};
      if (auto filter = api::Filter::parse(text)) (void)filter->match(kObject);
    },
    [](const std::string& text) { (void)http::Query::parse(text); },
    [](const std::string& text) { (void)url_unescape(text, true); },
    [](const std::string& text) { (void)client::parse_url(text); },
    [](const std::string& text) { (void)sys::IdMap::from_json(text); },
    [](const std::string& text) { (void)sys::IdMap::from_raw(text); },
    [](const std::string& text) { (void)sys::IdMap().append(text); },
    [](const std::string& text) { (void)sys::parse_subids(text, "root", "0"); },
    [](const std::string& text) { (void)Timestamp::parse(text); },
    [](const std::string& text) { (void)parse_byte_size(text), (void)parse_bit_size(text); },
    [](const std::string& text) { (void)IpNetwork::parse(text), (void)IpRange::parse(text), (void)parse_mac(text); },
    [](const std::string& text) { (void)http::parse_jwt(text); },
    [](const std::string& text) { (void)http::parse_certificate(text); },
    [](const std::string& text) { (void)base64_decode(text), (void)hex_decode(text); },
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  kParsers[data[0] % std::size(kParsers)](std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  return 0;
}
