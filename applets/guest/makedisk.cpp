// makedisk: a disk image with a partition table, an EFI partition filled with files and our boot loader, and room for a root file system.
#include <fcntl.h>

#include <cstdlib>
#include <print>

#include "applets/applet.h"
#include "base/strings.h"
#include "base/unique_fd.h"
#include "imagefmt/disk.h"
#include "imagefmt/fat.h"
#include "imagefmt/qcow2_writer.h"

namespace {

/// The time that reproducible builds ask for, else 1980.
time_t build_time() {
  const char* epoch = getenv("SOURCE_DATE_EPOCH");
  return static_cast<time_t>(parse_int(epoch ? epoch : "").value_or(0));
}

Result<> make(const Args& args) {
  auto disk_size = parse_uint(args[1]), esp_size = parse_uint(args[2]);
  if (!disk_size || !esp_size) return fail(Code::invalid, "Sizes are numbers of bytes");
  std::vector<imagefmt::FatFile> files = {{"EFI/BOOT/BOOTX64.EFI", "", std::string(imagefmt::efi_boot())}};
  for (size_t i = 4; i < args.size(); ++i) {
    StringList parts = split(args[i], '=', 2);
    if (parts.size() != 2) return fail(Code::invalid, "{} is not of the form PATH=FILE", quote(args[i]));
    files.push_back({parts[0], parts[1], ""});
  }
  UniqueFd disk(open(args[0].c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!disk) return fail_errno("Failed creating " + args[0]);
  const imagefmt::PartitionSpec wanted[] = {{imagefmt::PartitionType::efi_system, "esp", *esp_size}, {imagefmt::PartitionType::linux_root, args[3], 0}};
  auto placed = TRY(imagefmt::write_gpt(disk.get(), *disk_size, wanted, args[3]));
  TRY(imagefmt::write_fat32(disk.get(), placed[0], files, {.time = build_time()}));
  std::println("{} {}", placed[1].offset, placed[1].size);
  return {};
}

Result<> convert(const std::string& from, const std::string& to) {
  UniqueFd raw(open(from.c_str(), O_RDONLY | O_CLOEXEC)), image(open(to.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!raw || !image) return fail_errno("Failed opening " + (raw ? to : from));
  return imagefmt::write_qcow2(Context(), raw.get(), image.get());
}

/// `makedisk FILE DISK_BYTES ESP_BYTES ROOT_NAME [PATH=FILE]...`: prints where the root partition is and how large, in bytes.
/// `makedisk --qcow2 RAW FILE`: the same disk as a compressed qcow2 file.
int run_makedisk(const Args& args) {
  bool qcow2 = args.size() == 3 && args[0] == "--qcow2";
  if (args.size() < 4 && !qcow2) return std::println(stderr, "Usage: makedisk FILE DISK_BYTES ESP_BYTES ROOT_NAME [PATH=FILE]... | --qcow2 RAW FILE"), 2;
  auto made = qcow2 ? convert(args[1], args[2]) : make(args);
  if (!made) std::println(stderr, "Error: {}", made.error().message());
  return made ? 0 : 1;
}

}  // namespace

extern const Applet makedisk_applet;
const Applet makedisk_applet = {.name = "makedisk", .flags = kHidden, .summary = "Make a disk image that firmware can start from", .run = run_makedisk};
