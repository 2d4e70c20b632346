// FrontTests
