package io.millrace.script.sockets;

import java.util.HashMap;
import java.util.Map;

/** The constants of system calls, with the numbers that Linux gives them. */
final class Symbols {
  private static final Map<String, Long> VALUES = new HashMap<>();

  static {
    String[] all = {
      "NULL=0",
      "AF_UNSPEC=0",
      "AF_INET=2",
      "AF_INET6=10",
      "PF_INET=2",
      "PF_INET6=10",
      "SOCK_STREAM=1",
      "SOCK_DGRAM=2",
      "SOCK_RAW=3",
      "SOCK_SEQPACKET=5",
      "SOCK_NONBLOCK=2048",
      "SOCK_CLOEXEC=524288",
      "IPPROTO_IP=0",
      "IPPROTO_ICMP=1",
      "IPPROTO_TCP=6",
      "IPPROTO_UDP=17",
      "IPPROTO_IPV6=41",
      "IPPROTO_SCTP=132",
      "IPPROTO_MPTCP=262",
      "O_RDONLY=0",
      "O_WRONLY=1",
      "O_RDWR=2",
      "O_NONBLOCK=2048",
      "F_GETFL=3",
      "F_SETFL=4",
      "SHUT_RD=0",
      "SHUT_WR=1",
      "SHUT_RDWR=2",
      "POLLIN=1",
      "POLLPRI=2",
      "POLLOUT=4",
      "POLLERR=8",
      "POLLHUP=16",
      "POLLNVAL=32",
      "POLLRDNORM=64",
      "POLLWRNORM=256",
      "POLLRDHUP=8192",
      "EPOLLIN=1",
      "EPOLLPRI=2",
      "EPOLLOUT=4",
      "EPOLLERR=8",
      "EPOLLHUP=16",
      "EPOLLRDHUP=8192",
      "EPOLLET=2147483648",
      "EPOLLONESHOT=1073741824",
      "EPOLL_CTL_ADD=1",
      "EPOLL_CTL_DEL=2",
      "EPOLL_CTL_MOD=3",
      "EPOLL_CLOEXEC=524288",
      "MSG_OOB=1",
      "MSG_PEEK=2",
      "MSG_CTRUNC=8",
      "MSG_TRUNC=32",
      "MSG_DONTWAIT=64",
      "MSG_EOR=128",
      "MSG_WAITALL=256",
      "MSG_NOSIGNAL=16384",
      "MSG_MORE=32768",
      "MSG_ERRQUEUE=8192",
      "MSG_ZEROCOPY=67108864",
      "MSG_FASTOPEN=536870912",
      "ECONNREFUSED=111",
      "ECONNRESET=104",
      "ETIMEDOUT=110",
      "EPIPE=32",
      "EHOSTUNREACH=113",
      "SIOCINQ=21531",
      "FIONREAD=21531",
      "SIOCOUTQ=21521",
      "SOMAXCONN=4096",
      "INADDR_ANY=0",
      "IP_PMTUDISC_DONT=0",
      "IP_PMTUDISC_WANT=1",
      "IP_PMTUDISC_DO=2",
      "IP_PMTUDISC_PROBE=3",
      "IPV6_PMTUDISC_DONT=0",
      "IPV6_PMTUDISC_WANT=1",
      "IPV6_PMTUDISC_DO=2",
    };
    for (String each : all) {
      int equals = each.indexOf('=');
      VALUES.put(each.substring(0, equals), Long.parseLong(each.substring(equals + 1)));
    }
  }

  private Symbols() {}

  static long value(String name) {
    Long value = VALUES.get(name);
    if (value == null) {
      throw new UnsupportedOperationException("the constant " + name + " is not known here");
    }
    return value;
  }
}
