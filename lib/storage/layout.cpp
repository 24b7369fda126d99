#include "storage/layout.h"

#include <span>

namespace storage {

std::string_view volume_type_name(VolumeType type) {
  switch (type) {
    case VolumeType::container: return "container";
    case VolumeType::virtual_machine: return "virtual-machine";
    case VolumeType::custom: return "custom";
    case VolumeType::image: return "image";
  }
  return "";
}

std::string_view content_type_name(ContentType type) {
  switch (type) {
    case ContentType::filesystem: return "filesystem";
    case ContentType::block: return "block";
    case ContentType::iso: return "iso";
  }
  return "";
}

Volume volume_of(const VolumeRef& ref) {
  ContentType content = ref.type == VolumeType::virtual_machine ? ContentType::block : ref.content;
  Volume volume{.type = ref.type, .content = content, .name = {}, .snapshot = {}, .config = {}};
  size_t slash = ref.name.find('/');
  std::string name = ref.name.substr(0, slash);
  if (slash != std::string::npos) volume.snapshot = ref.name.substr(slash + 1);
  switch (ref.type) {
    case VolumeType::custom: volume.name = ref.project + "_" + name; break;
    case VolumeType::image: volume.name = name; break;
    default: volume.name = core::project_prefix(ref.project, name);
  }
  return volume;
}

std::string folder_name(VolumeType type, bool snapshots) {
  std::string name;
  switch (type) {
    case VolumeType::container: name = "containers"; break;
    case VolumeType::virtual_machine: name = "virtual-machines"; break;
    case VolumeType::custom: name = "custom"; break;
    case VolumeType::image: return "images";
  }
  return snapshots ? name + "-snapshots" : name;
}

std::span<const BaseFolder> base_folders() {
  static constexpr BaseFolder kFolders[] = {
      {"buckets", 0711}, {"containers", 0711}, {"containers-snapshots", 0711}, {"custom", 0700}, {"custom-snapshots", 0700},
      {"images", 0700},  {"virtual-machines", 0700}, {"virtual-machines-snapshots", 0700},
  };
  return kFolders;
}

std::string relative_path(const Volume& volume) {
  if (volume.is_snapshot()) return snapshots_path(volume) + "/" + volume.snapshot;
  return folder_name(volume.type, false) + "/" + volume.name;
}

std::string snapshots_path(const Volume& volume) { return folder_name(volume.type, true) + "/" + volume.name; }

std::string disk_name(ContentType content) {
  switch (content) {
    case ContentType::filesystem: return "";
    case ContentType::block: return "root.img";
    case ContentType::iso: return "root.iso";
  }
  return "";
}

mode_t root_mode(const Volume& volume) {
  if (volume.type != VolumeType::custom) return 0100;
  auto mode = volume.config.find("initial.mode");
  if (mode == volume.config.end() || mode->second.empty()) return 0711;
  return static_cast<mode_t>(parse_int(mode->second, 8).value_or(0711)) & 07777;
}

std::string pool_path(const core::Paths& paths, const std::string& pool) { return paths.in_var("storage-pools/" + pool); }

std::string link_path(const core::Paths& paths, const Volume& volume) {
  if (volume.type != VolumeType::container && volume.type != VolumeType::virtual_machine) return "";
  return paths.in_var(folder_name(volume.type, false) + "/" + volume.name);
}

std::string snapshots_link_path(const core::Paths& paths, const Volume& volume) {
  if (volume.type != VolumeType::container && volume.type != VolumeType::virtual_machine) return "";
  return paths.in_var(folder_name(volume.type, true) + "/" + volume.name);
}

}  // namespace storage
