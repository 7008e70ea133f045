/**
 * The versions that command line tools print. They stand here, not in an import from the server, so that printing
 * them loads nothing; a test compares them with the server's.
 */
export const etcdVersion = "3.6.14";
export const etcdVersionLine = "3.6";
export const quorateVersion = "0.1.0";
