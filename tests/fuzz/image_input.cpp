// libFuzzer target: what arrives with images from strangers (metadata.yaml, multipart forms, simplestreams files). First byte picks the parser.
#include <cstdint>
#include <string>

#include "imagefmt/metadata.h"
#include "imagefmt/multipart.h"
#include "imagefmt/simplestreams.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0: (void)imagefmt::parse_metadata(text); break;
    case 1:
      if (auto images = imagefmt::parse_stream_products(text)) (void)imagefmt::make_catalog(std::move(*images)).find("debian/13", "");
      break;
    case 2: (void)imagefmt::multipart_boundary(text); break;
    default: {
      imagefmt::MultipartReader reader(archive::prepend(std::move(text), [](std::span<char>) -> Result<size_t> { return 0; }), "XX");
      while (auto part = reader.next()) {
        if (!*part) break;
        for (;;) {
          auto piece = reader.read();
          if (!piece) return 0;
          if (piece->empty()) break;
        }
      }
    }
  }
  return 0;
}
