// By which name a guest mounts a folder that its host shares: both have to come to the same one.
#pragma once
#include <string>

namespace core {

// What the devices keep of a tag: virtio's file system 36 bytes, 9p 31.
inline constexpr size_t kVirtiofsTag = 36, kNinePTag = 31;

/// "incus_" and the device's name, or a part of its hash where the tag would be longer than `most`. Agents that are not ours know only the short ones.
std::string share_tag(const std::string& device, size_t most = kVirtiofsTag);

}  // namespace core
