package dev.mezzotint.page;

import static java.lang.annotation.ElementType.TYPE;
import static java.lang.annotation.RetentionPolicy.RUNTIME;

import java.lang.annotation.Retention;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.EnabledIf;

/**
 * Skips the class where there is no browser. On the class, so that its tests are counted as
 * skipped: an assumption in a {@code @BeforeAll} leaves a class that ran nothing.
 */
@Target(TYPE)
@Retention(RUNTIME)
@EnabledIf(
    value = "dev.mezzotint.page.Chromium#isHere",
    disabledReason = "no browser: install Debian's chromium or set CHROMIUM to test the page")
@interface InBrowser {}
