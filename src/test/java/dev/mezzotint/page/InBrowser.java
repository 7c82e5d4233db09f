package dev.mezzotint.page;

import static java.lang.annotation.ElementType.TYPE;
import static java.lang.annotation.RetentionPolicy.RUNTIME;

import java.lang.annotation.Retention;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.EnabledIf;

/**
 * The class's tests need a browser and are skipped, with this word, where there is none. Said of
 * the class, so that its tests are counted as skipped: an assumption in a {@code @BeforeAll} leaves
 * a class that ran nothing.
 */
@Target(TYPE)
@Retention(RUNTIME)
@EnabledIf(
    value = "dev.mezzotint.page.Chromium#isHere",
    disabledReason = "no browser here: install Debian's chromium or set CHROMIUM to test the page")
@interface InBrowser {}
