// Making an image of an instance's volume.
#pragma once
#include "archive/compression.h"
#include "image/build.h"

namespace image {

struct PublishSpec {
  std::string project;           ///< whose image it becomes
  std::string folder;            ///< the mounted volume: rootfs/, templates/, config.json
  api::ImageMetadata metadata;   ///< what the new metadata.yaml says
  archive::CompressionChoice compression;
  bool split = false;            ///< metadata and root file system (or disk) as two files
  std::string disk;              ///< of virtual machines: the raw disk; the image has it as qcow2, compressed where it is a file of its own
};

/// Packs, compresses and hashes in one pass. Errors: unsupported (missing program), internal. Blocks for long; honours ctx.
Result<std::unique_ptr<Build>> pack(const Job& job, Store& store, const PublishSpec& spec);

}  // namespace image
