// Feeds arbitrary bytes to the tar reader, in pieces; every member's content is read.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "archive/tar_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  size_t piece = data[0] + 1u;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto tar = archive::TarReader::open([&](std::span<char> buffer) -> Result<size_t> {
    size_t count = std::min({piece, rest.size(), buffer.size()});
    memcpy(buffer.data(), rest.data(), count);
    rest.remove_prefix(count);
    return count;
  });
  if (!tar) return 0;
  for (;;) {
    auto entry = (*tar)->next();
    if (!entry || !*entry) return 0;
    if ((*entry)->path.starts_with("/") || ("/" + (*entry)->path + "/").contains("/../")) abort();
    auto content = (*tar)->read_all(1 << 16);
    if (content && content->size() > 1 << 16) abort();
  }
}
