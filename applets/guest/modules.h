// Kernel modules of the small guest: what its devices ask for, found in the files that depmod(8) writes. init_module(2).
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/strings.h"

namespace guest {

class Modules {
 public:
  /// Reads modules.dep and modules.alias of the running kernel. Without them nothing is ever loaded.
  Modules();
  /// Loads a module after those it needs. Failures are the kernel's to log: the guest goes on without.
  void load(const std::string& name);
  /// Loads what drives a device that calls itself so ("pci:v00001AF4d…").
  void load_for(const std::string& device);
  /// Nodes in /dev that load a module when they are opened (modules.devname), as systemd makes them.
  void make_nodes() const;
  /// As load_for() for every device there is, until no new ones appear.
  void load_for_all();

 private:
  std::string folder_;
  std::map<std::string, StringList> needs_;  // name -> its file, then those of the modules it needs
  std::vector<std::pair<std::string, std::string>> aliases_;  // pattern, name
  std::set<std::string> done_;
};

}  // namespace guest
