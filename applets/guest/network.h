// Addresses of the small guest: DHCP on every network card, as soon as it is there (through the helper forkdhcp).
#pragma once
#include <set>
#include <string>

namespace guest {

class Network {
 public:
  void start_loopback();
  /// Starts DHCP on the cards that have come; forgets those that have gone.
  void update();

 private:
  std::set<std::string> served_;
};

}  // namespace guest
