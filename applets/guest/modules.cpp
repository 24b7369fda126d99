#include "applets/guest/modules.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <filesystem>

#include "base/unique_fd.h"

namespace guest {
namespace {

/// "kernel/drivers/block/virtio_blk.ko" -> "virtio_blk"
std::string module_name(std::string_view file) {
  file.remove_prefix(file.rfind('/') + 1);
  return replace_all(std::string(file.substr(0, file.find('.'))), "-", "_");
}

void insert_module(const std::string& file) {
  UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd) syscall(SYS_finit_module, fd.get(), "", 0);
}

}  // namespace

Modules::Modules() {
  utsname kernel{};
  uname(&kernel);
  folder_ = std::string("/lib/modules/") + kernel.release;
  auto needs = read_file(folder_ + "/modules.dep"), aliases = read_file(folder_ + "/modules.alias");
  for (const std::string& line : split(needs ? *needs : "", '\n')) {
    StringList parts = split(line, ':', 2);
    if (parts.size() != 2) continue;
    StringList files = split_list(parts[1], ' ');
    files.insert(files.begin(), parts[0]);
    needs_[module_name(parts[0])] = std::move(files);
  }
  for (const std::string& line : split(aliases ? *aliases : "", '\n')) {
    StringList words = split_list(line, ' ');
    if (words.size() == 3 && words[0] == "alias") aliases_.emplace_back(words[1], words[2]);
  }
}

void Modules::load(const std::string& name) {
  auto found = needs_.find(name);
  if (found == needs_.end() || !done_.insert(name).second) return;
  // depmod names what is needed first last.
  for (size_t i = found->second.size(); i-- > 1;) {
    if (done_.insert(module_name(found->second[i])).second) insert_module(folder_ + "/" + found->second[i]);
  }
  insert_module(folder_ + "/" + found->second[0]);
}

void Modules::load_for(const std::string& device) {
  // Most are for other buses: "pci:v…", but also "acpi*:LNRO0005:*".
  for (const auto& [pattern, name] : aliases_) {
    size_t plain = pattern.find_first_of(":*?[");
    if (device.compare(0, plain, pattern, 0, plain) == 0 && fnmatch(pattern.c_str(), device.c_str(), 0) == 0) load(name);
  }
}

void Modules::make_nodes() const {
  auto nodes = read_file(folder_ + "/modules.devname");
  for (const std::string& line : split(nodes ? *nodes : "", '\n')) {
    StringList words = split_list(line, ' ');  // "tun net/tun c10:200"
    StringList numbers = words.size() == 3 && words[2].size() > 1 ? split(words[2].substr(1), ':', 2) : StringList{};
    if (numbers.size() != 2) continue;
    std::filesystem::path node = "/dev/" + words[1];
    std::error_code error;
    std::filesystem::create_directories(node.parent_path(), error);
    dev_t number = makedev(static_cast<unsigned>(parse_uint(numbers[0]).value_or(0)), static_cast<unsigned>(parse_uint(numbers[1]).value_or(0)));
    (void)!mknod(node.c_str(), (words[2][0] == 'b' ? S_IFBLK : S_IFCHR) | 0600, number);
  }
}

void Modules::load_for_all() {
  if (auto processors = read_file("/sys/devices/system/cpu/modalias", 65536)) load_for(std::string(trim(*processors)));
  std::set<std::string> seen;
  for (bool more = true; more;) {
    more = false;
    std::error_code error;
    for (const auto& bus : std::filesystem::directory_iterator("/sys/bus", error)) {
      std::error_code gone;
      for (const auto& device : std::filesystem::directory_iterator(bus.path() / "devices", gone)) {
        auto text = read_file(device.path() / "modalias", 4096);
        if (!text || !seen.insert(*text).second) continue;
        more = true;
        load_for(std::string(trim(*text)));
      }
    }
  }
}

}  // namespace guest
