// Feeds arbitrary bytes to the websocket frame reader; what it accepts must stay within its limit.
#include <cstdint>
#include <cstdlib>

#include "http/websocket_frame.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  constexpr size_t kLimit = 4096;
  http::FrameReader reader(data[0] & 1, kLimit);
  size_t piece = data[1] + 1u;
  std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  while (!rest.empty()) {
    std::string_view input = rest.substr(0, piece);
    rest.remove_prefix(input.size());
    reader.feed(input);
    for (;;) {
      auto frame = reader.next();
      if (!frame) return 0;
      if (!*frame) break;
      if ((*frame)->payload.size() > kLimit) abort();
    }
  }
  return 0;
}
