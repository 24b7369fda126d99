// libFuzzer target: what registries and DHCP servers send (names, manifests, configurations, challenges, layers as member lists). First byte picks the parser.
#include <cstdint>
#include <string>

#include "oci/config.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "oci/registry.h"
#include "oci/runtime.h"
#include "oci/signature.h"
#include "oci/tree.h"
#include "sys/dhcp4.h"

namespace {

/// Lines of a layer: a letter for the kind, the path, and after a tab where a link leads. An empty line begins the next layer.
void lay(const std::string& text) {
  using Type = archive::Entry::Type;
  oci::Tree tree({.members = 10'000});
  tree.begin_layer();
  uint32_t member = 0;
  for (const std::string& line : split(text, '\n')) {
    if (line.empty()) {
      tree.begin_layer();
      continue;
    }
    archive::Entry entry;
    entry.type = static_cast<Type>(static_cast<unsigned char>(line[0]) % (static_cast<int>(Type::other) + 1));
    size_t tab = line.find('\t');
    auto path = archive::clean_path(line.substr(1, tab == line.npos ? tab : tab - 1));
    if (!path) continue;
    entry.path = *path;
    if (tab != line.npos) entry.link = line.substr(tab + 1);
    (void)tree.add(entry, member++);
  }
  (void)tree.find("etc/passwd");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 8) {
    case 0: (void)oci::parse_manifest(text, "application/vnd.oci.image.manifest.v1+json"); break;
    case 1: (void)oci::parse_manifest(text, "application/vnd.oci.image.index.v1+json"); break;
    case 2:
      if (auto config = oci::parse_config(text)) (void)oci::runtime_spec(*config, text, text);
      break;
    case 3: (void)oci::parse_runtime(text); break;
    case 4:
      if (auto registry = oci::parse_registry(text)) (void)oci::parse_reference(*registry, text);
      (void)oci::parse_challenge(text);
      if (std::string keys = oci::public_keys_in(text); !keys.empty()) (void)oci::is_signed({.payload = text, .bytes = text}, text, keys);
      break;
    case 5:
      if (auto words = oci::split_command(text); words && *oci::split_command(oci::join_command(*words)) != *words) __builtin_trap();
      break;
    case 6: (void)sys::dhcp4::parse_packet(text, 0, MacAddress{}); break;
    default: lay(text);
  }
  return 0;
}
