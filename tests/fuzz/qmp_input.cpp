// Feeds arbitrary bytes to what reads QEMU's control socket, raw.qemu.conf and raw.qemu. The first byte picks which.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "api/json.h"
#include "instance/qemu/config.h"
#include "instance/qemu/qmp/connection.h"

namespace {

struct Lines {
  std::vector<std::string> lines;
  bool all = true;  ///< none was too long
  bool operator==(const Lines&) const = default;
};

Lines lines_of(std::string_view text, size_t piece) {
  constexpr size_t kLimit = 64;
  instance::qemu::qmp::LineSplitter splitter(kLimit);
  Lines out;
  for (size_t at = 0; at < text.size() && out.all; at += piece)
    out.all = splitter.feed(text.substr(at, piece), [&](std::string_view line) {
      if (line.empty() || line.size() > kLimit) abort();
      out.lines.emplace_back(line);
      return true;
    });
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 3 == 0) {
    // The lines must not depend on how the stream was cut: the first byte says how, besides whole and byte by byte.
    Lines whole = lines_of(text, text.size() + 1);
    if (lines_of(text, 1) != whole || lines_of(text, 2 + data[0] / 3) != whole) abort();
    for (const std::string& line : whole.lines) (void)api::parse_json(line, 32);
  } else if (data[0] % 3 == 1) {
    instance::qemu::Sections base = {{"global", "", {{"a", "b"}}}, {"global", "", {{"c", "d"}}}};
    if (auto out = instance::qemu::apply_override(base, text)) (void)instance::qemu::to_text(*out);
  } else {
    (void)instance::qemu::split_words(text);
  }
  return 0;
}
