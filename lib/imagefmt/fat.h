// FAT32 file systems written in one go, for EFI system partitions. Microsoft's specification of 2000 (fatgen103).
#pragma once
#include <ctime>
#include <string>
#include <vector>

#include "base/result.h"
#include "imagefmt/disk.h"

namespace imagefmt {

struct FatFile {
  std::string path;    ///< "EFI/BOOT/BOOTX64.EFI": folders are made as needed
  std::string source;  ///< a file of the host, read at once
  std::string text;    ///< its content, where there is no source
};

struct FatOptions {
  std::string label = "ESP";  ///< at most 11 capital letters
  uint32_t serial = 0;
  time_t time = 315532800;    ///< of all files, in seconds; 1980 is the earliest there is
};

/// Makes the file system in a part of a disk image that holds zeros so far. Errors: invalid (too small or too large, full, a bad name), internal.
Result<> write_fat32(int disk, const Placed& place, const std::vector<FatFile>& files, const FatOptions& options);

}  // namespace imagefmt
