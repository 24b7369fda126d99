// A folder for a unit test, gone with it.
#pragma once
#include <cstdlib>
#include <string>

#include "archive/remove_tree.h"

namespace archive {

/// In /var/tmp, which is on a disk: tmpfs would hide what disks do.
struct TestFolder {
  std::string path;
  TestFolder() {
    char name[] = "/var/tmp/incusbox-test-XXXXXX";
    path = mkdtemp(name);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() { (void)remove_tree(Context(), path); }
  std::string operator/(const std::string& name) const { return path + "/" + name; }
};

}  // namespace archive
