// What a storage driver does, split by role. Policy (names, rows, locks, links) is above it, in pool_impl and pools.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "config/key.h"
#include "storage/layout.h"

namespace storage {

/// What a driver knows about the pool it serves.
struct PoolInfo {
  const core::Paths& paths;
  std::string name;
  StringMap config;
  std::string path() const { return pool_path(paths, name); }
};

/// The pool as a whole. All calls block. Errors: invalid (bad source), internal.
class PoolOps {
 public:
  virtual ~PoolOps() = default;
  /// Fills in what the user left out ("source").
  virtual Result<> prepare(StringMap& config) = 0;
  /// Checks and makes the storage itself; the pool's folder exists and is empty.
  virtual Result<> create(const Context&) = 0;
  /// Empties and gives the storage back.
  virtual Result<> remove(const Context&) = 0;
  /// Makes the pool's folder show its content; does nothing where it does already. Errors: unavailable.
  virtual Result<> mount(const Context&) = 0;
  virtual Result<> unmount(const Context&) = 0;
  virtual Result<Pool::Space> space() = 0;
};

/// Volumes of a mounted pool. The caller holds the volume's lock. All calls block.
class VolumeOps {
 public:
  virtual ~VolumeOps() = default;
  /// An empty one: a folder, or a file of config["size"] bytes for block volumes. Errors: conflict.
  virtual Result<> create(const Context&, const Volume&) = 0;
  /// A new one with the content of `source`, a volume's folder anywhere on this machine.
  virtual Result<> copy(const Context&, const Volume&, const std::string& source, const Progress&) = 0;
  /// Gone at once for everybody; the space may be freed later. A missing one is no error.
  virtual Result<> remove(const Context&, const Volume&) = 0;
  virtual Result<> rename(const Context&, const Volume& from, const Volume& to) = 0;
  virtual std::optional<int64_t> usage(const Volume&) = 0;
  /// File systems: a quota where the driver has them. Block volumes: the size. Errors: invalid (shrinking a disk).
  virtual Result<> resize(const Context&, const Volume&, int64_t bytes) = 0;
  virtual Result<Mounted> mount(const Context&, const Volume&) = 0;
  /// Do copies share what they copy? Else they cost as much as making the content anew.
  virtual bool shares_blocks() = 0;
};

class SnapshotOps {
 public:
  virtual ~SnapshotOps() = default;
  virtual Result<> take(const Context&, const Volume& snapshot) = 0;
  /// The volume's content becomes the snapshot's.
  virtual Result<> restore(const Context&, const Volume& snapshot) = 0;
  // Removed and renamed through VolumeOps.
};

class Driver {
 public:
  virtual ~Driver() = default;
  virtual std::string_view name() const = 0;
  virtual config::Keys pool_keys() const = 0;
  virtual PoolOps& pool() = 0;
  virtual VolumeOps& volumes() = 0;
  virtual SnapshotOps& snapshots() = 0;
  /// Are snapshots and copies a picture of one moment, even while the volume is written to?
  virtual bool copies_one_moment() const { return false; }
  /// Makes what was removed really go; called in the background after remove() and once at start. Blocks for long.
  virtual void sweep(const Context&) {}
};

using DriverFactory = std::unique_ptr<Driver> (*)(PoolInfo info);
/// Null for an unknown name.
DriverFactory find_driver(std::string_view name);
StringList driver_names();
/// Of the tools the driver needs, or "1" where it needs none; nothing if they are missing on this machine. Runs a program.
std::optional<std::string> driver_version(std::string_view name);

}  // namespace storage
