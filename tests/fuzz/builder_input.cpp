// libFuzzer target: what the image builder and bundles read from files of others: definitions, and the index of a bundle. First byte picks the parser.
#include <cstdint>
#include <string>

#include "applets/image/definition.h"
#include "imagefmt/bundle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0: (void)imagefmt::parse_bundle_index(text, 1 << 20); break;
    case 1: (void)builder::parse_definition(text, {"image.release=1", "source.url=x"}); break;
    default:
      if (auto definition = builder::parse_definition(text, {})) {
        for (const builder::FileRule& rule : definition->files) (void)definition->render(rule.content);
      }
  }
  return 0;
}
