// Feeds arbitrary bytes to the HTTP parser, in pieces whose sizes come from the input too.
#include <cstdint>
#include <cstdlib>

#include "http/parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  http::Parser parser(data[0] & 1 ? http::Parser::Type::request : http::Parser::Type::answer);
  if (data[0] & 2) parser.expect_no_body();
  size_t piece = data[1] + 1u;
  std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  while (!rest.empty()) {
    std::string_view input = rest.substr(0, piece);
    rest.remove_prefix(input.size());
    for (size_t rounds = 0;; ++rounds) {
      if (rounds > 2 * input.size() + 8) abort();  // no progress
      auto step = parser.feed(input);
      if (step.used > input.size()) abort();
      if (step.event == http::Parser::Event::error) return 0;
      input.remove_prefix(step.used);
      if (step.event == http::Parser::Event::more) break;
    }
  }
  (void)parser.finish();
  return 0;
}
