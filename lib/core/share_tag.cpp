#include "core/share_tag.h"

#include <algorithm>

#include "archive/hash.h"
#include "base/encode.h"

namespace core {

std::string share_tag(const std::string& device, size_t most) {
  std::string tag = "incus_";
  if (tag.size() + device.size() <= most) return tag + device;
  std::string hash = base64_encode(archive::sha256(device));
  std::ranges::replace(hash, '+', '-');
  std::ranges::replace(hash, '/', '_');
  return tag + hash.substr(0, most - tag.size());
}

}  // namespace core
