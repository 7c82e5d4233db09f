/**
 * Files of users: small files, folders with links, zips, and the reasons of failures in words. Any
 * package may use it.
 */
@NullMarked
package dev.mezzotint.files;

import org.jspecify.annotations.NullMarked;
