// Renders arbitrary text as an image's template: it must end, and stay within its limits.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "imagefmt/template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Json kVariables = {{"container", {{"name", "c1"}}}, {"config", {{"user.a", "b"}}}, {"list", {1, "x", nullptr}}, {"n", 3}};
  auto text = imagefmt::render_template(std::string_view(reinterpret_cast<const char*>(data), size), kVariables);
  if (text && text->size() > 4 << 20) abort();
  return 0;
}
