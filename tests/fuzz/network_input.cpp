// What comes from the network beside HTTP: proxy headers, DNS queries, syslog lines, dnsmasq's lease file.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "applets/daemon/syslog_socket.h"
#include "http/proxy_header.h"
#include "network/dnsmasq/hosts.h"
#include "network/zone/dns_message.h"
#include "network/zone/tsig.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0: {
      auto header = http::parse_proxy_header(text);
      if (header.kind == http::ProxyHeader::Kind::complete && (header.length == 0 || header.length > text.size())) abort();
      break;
    }
    case 1:
      if (auto query = network::zone::parse_query(text)) (void)network::zone::build_answer(*query, 0, {});
      (void)network::zone::find_tsig(text);
      break;
    case 2: (void)incusd::parse_acl_log(text); break;
    default: (void)network::dnsmasq::parse_leases(text); break;
  }
  return 0;
}
