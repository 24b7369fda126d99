// Feeds arbitrary bytes to what reads QEMU's control socket, raw.qemu.conf and raw.qemu. The first byte picks which.
#include <cstdint>
#include <cstdlib>

#include "api/json.h"
#include "instance/qemu/config.h"
#include "instance/qemu/qmp/connection.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 3 == 0) {
    instance::qemu::qmp::LineSplitter lines(64);
    // In pieces of the size that the first byte says: the lines must not depend on it.
    size_t piece = 1 + data[0] / 3;
    for (size_t at = 0; at < text.size(); at += piece)
      if (!lines.feed(std::string_view(text).substr(at, piece), [](std::string_view line) {
            if (line.empty() || line.size() > 64) abort();
            (void)api::parse_json(line, 32);
            return true;
          }))
        break;
  } else if (data[0] % 3 == 1) {
    instance::qemu::Sections base = {{"global", "", {{"a", "b"}}}, {"global", "", {{"c", "d"}}}};
    if (auto out = instance::qemu::apply_override(base, text)) (void)instance::qemu::to_text(*out);
  } else {
    (void)instance::qemu::split_words(text);
  }
  return 0;
}
