// Reading a DNS query and writing an answer (RFC 1035, section 4).
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "network/zone/content.h"

namespace network::zone {

struct Query {
  std::string header;    ///< its 12 bytes
  std::string question;  ///< the question's bytes, sent back as they came
  std::string name;      ///< lower case, without the last dot
  int type = 0;          ///< 6: SOA, 251: IXFR, 252: AXFR
  int questions = 0;
};

std::optional<Query> parse_query(const std::string& packet);
/// `code`: 0 fine, 3 no such name, 4 not implemented, … Records of unknown types are left out.
std::string build_answer(const Query& query, int code, const std::vector<DnsRecord>& records);

}  // namespace network::zone
