//! The name lists: given names with their short forms, surnames, by culture. The lists are our
//! own, written from general knowledge; nothing is taken from a data set.

/// A group of countries that share names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Culture {
    English,
    German,
    French,
    Spanish,
    Polish,
    Nordic,
    Indian,
    Japanese,
    Greek,
    Slavic,
}

/// Names of one culture. A given name is followed by its short forms after slashes.
#[derive(Debug)]
pub(crate) struct NameList {
    pub(crate) women: &'static str,
    pub(crate) men: &'static str,
    pub(crate) surnames: &'static str,
}

impl Culture {
    /// The lists of this culture.
    pub(crate) fn names(self) -> &'static NameList {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
            Self::French => &FRENCH,
            Self::Spanish => &SPANISH,
            Self::Polish => &POLISH,
            Self::Nordic => &NORDIC,
            Self::Indian => &INDIAN,
            Self::Japanese => &JAPANESE,
            Self::Greek => &GREEK,
            Self::Slavic => &SLAVIC,
        }
    }

    /// All cultures.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 10] = [
        Self::English,
        Self::German,
        Self::French,
        Self::Spanish,
        Self::Polish,
        Self::Nordic,
        Self::Indian,
        Self::Japanese,
        Self::Greek,
        Self::Slavic,
    ];
}

/// The other spelling of a Greek or Cyrillic name of the lists, where we know one.
pub(crate) fn native_script(name: &str) -> Option<&'static str> {
    SCRIPTS.split_whitespace().find_map(|pair| {
        let (latin, native) = pair.split_once('=')?;
        (latin == name).then_some(native)
    })
}

static ENGLISH: NameList = NameList {
    women: "Elizabeth/Liz/Beth/Betty Margaret/Maggie/Peggy/Meg Katherine/Kate/Kathy/Katie Patricia/Pat/Patty/Trish Jennifer/Jen/Jenny \
        Rebecca/Becky/Becca Susan/Sue/Susie Deborah/Deb/Debbie Victoria/Vicky/Tori Christine/Chris/Chrissy Barbara/Barb Jessica/Jess/Jessie \
        Samantha/Sam Alexandra/Alex/Sandra Abigail/Abby Pamela/Pam Cynthia/Cindy Theresa/Terry/Tess Jacqueline/Jackie Kimberly/Kim \
        Catherine/Cathy/Cate Amanda/Mandy Stephanie/Steph Judith/Judy Dorothy/Dot Eleanor/Ellie/Nell Josephine/Jo/Josie Charlotte/Charlie/Lottie \
        Gwendolyn/Gwen Philippa/Pippa Emily/Em Sarah/Sally Mary/Molly Olivia/Liv Grace Hannah Laura Nicole/Nikki Rachel/Rach Heather Amy Lauren \
        Megan Michelle/Shelly Angela/Angie Karen Nancy Donna Sharon Carol Ruth Alice Julia/Jules Diane/Di Natalie/Nat Chloe Zoe Isla Freya Poppy",
    men: "Robert/Bob/Rob/Bobby William/Bill/Will/Billy Richard/Rick/Dick/Rich James/Jim/Jimmy/Jamie John/Jack/Johnny Michael/Mike/Mick \
        Thomas/Tom/Tommy Charles/Charlie/Chuck Christopher/Chris Daniel/Dan/Danny Matthew/Matt Anthony/Tony Joseph/Joe/Joey Steven/Steve \
        Edward/Ed/Eddie/Ted Andrew/Andy/Drew Joshua/Josh Kenneth/Ken/Kenny Benjamin/Ben/Benny Samuel/Sam Alexander/Alex/Sandy Timothy/Tim \
        Nicholas/Nick/Nicky Jonathan/Jon Gregory/Greg Patrick/Pat/Paddy Frederick/Fred/Freddie Lawrence/Larry Henry/Harry/Hank Peter/Pete \
        David/Dave Stephen/Steve Jeffrey/Jeff Ronald/Ron Donald/Don Raymond/Ray Gerald/Gerry Vincent/Vince Theodore/Theo/Ted Zachary/Zach \
        Nathaniel/Nate/Nat Leonard/Len/Leo Walter/Walt Albert/Al/Bert Philip/Phil Douglas/Doug George Mark Paul Kevin Brian Ryan Eric Adam \
        Oliver/Ollie Harold/Hal Arthur/Art Luke Simon Graham Keith Neil Russell/Russ Martin/Marty Francis/Frank Jacob/Jake Dominic/Dom Callum",
    surnames: "Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Thomas Moore Jackson Martin Lee Thompson White Harris \
        Clark Lewis Robinson Walker Young Allen King Wright Scott Hill Green Adams Baker Nelson Carter Mitchell Roberts Turner Phillips Campbell \
        Parker Evans Edwards Collins Stewart Morris Murphy Cook Rogers Morgan Cooper Reed Bailey Bell Kelly Howard Ward Cox Richardson Wood Watson \
        Brooks Bennett Gray James Hughes Price Myers Long Foster Sanders Ross Powell Sullivan Russell O'Brien O'Connor McDonald McCarthy Fisher \
        Hamilton Graham Wallace Woods Cole West Jordan Owens Reynolds Harrison Gibson Ellis Marshall Fletcher Ashworth Whitfield Hargreaves Pemberton \
        Blackwood Sinclair Lockhart Kerr Doyle Byrne Gallagher Sheridan Thornton Holloway Langley Prescott Winslow Ainsworth Beaumont Carlisle",
};

static GERMAN: NameList = NameList {
    women: "Katharina/Kathi/Katja Elisabeth/Lisa/Elli Johanna/Hanna Magdalena/Lena Franziska/Franzi Susanne/Susi Alexandra/Alex Christina/Tina \
        Annegret Ursula/Uschi Gabriele/Gabi Sabine Petra Monika/Moni Renate Birgit Ingrid Heike Anja Nicole Stefanie/Steffi Claudia Andrea Sandra \
        Julia Laura Sophie Marie Lea Hannah Clara Greta Frieda Charlotte/Lotte Margarethe/Grete Angelika Brigitte Silke Bärbel Antje Wiebke",
    men: "Johannes/Hannes/Hans Matthias Sebastian/Basti Maximilian/Max Alexander/Alex Friedrich/Fritz Wilhelm/Willi Heinrich/Heinz Joachim/Jochen \
        Andreas/Andi Stefan Michael/Michi Thomas/Tom Jürgen Wolfgang/Wolf Günther Klaus Dieter Uwe Ralf Frank Bernd Jörg Torsten Sven Jan Tim Lukas \
        Felix Jonas Leon Paul Moritz Philipp Tobias/Tobi Christian/Chris Markus Martin Holger Rüdiger Götz Benjamin/Ben Konstantin Ludwig/Lutz Karl Emil Anton/Toni",
    surnames: "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz \
        Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Krause Meier Lehmann Schmid Schulze Maier Köhler Herrmann König Walter Mayer Huber \
        Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann Franke \
        Albrecht Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt Stein Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas Graf Dietrich",
};

static FRENCH: NameList = NameList {
    women: "Marie Nathalie Isabelle/Isa Catherine/Cathy Sylvie Françoise Véronique/Véro Christine Céline Sandrine Stéphanie/Steph Sophie Aurélie Julie \
        Émilie Camille Chloé Léa Manon Inès Jade Louise Alice Juliette Charlotte Hélène Anaïs Élodie Mathilde Margaux Clémence Pauline Geneviève Brigitte \
        Dominique Amélie Joséphine/Jo Valérie/Val Delphine Agnès Odile Solène",
    men: "Jean Pierre Michel André Philippe/Phil René Louis Alain Jacques Bernard Marcel Daniel Roger Robert Claude Christian François Patrick Nicolas/Nico \
        Christophe/Chris Laurent Frédéric/Fred Stéphane Sébastien/Seb David Julien Olivier Thierry Alexandre/Alex Guillaume Antoine Maxime/Max Thomas \
        Lucas Hugo Théo Mathieu/Mat Romain Benoît Cédric Gaël Rémi Jérôme Étienne Grégoire/Greg Baptiste Xavier Yves Loïc",
    surnames: "Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefebvre Michel Garcia David Bertrand Roux Vincent Fournier \
        Morel Girard André Lefèvre Mercier Dupont Lambert Bonnet François Martinez Legrand Garnier Faure Rousseau Blanc Guérin Muller Henry Roussel Nicolas \
        Perrin Morin Mathieu Clément Gauthier Dumont Lopez Fontaine Chevalier Robin Masson Sanchez Gérard Nguyen Boyer Denis Lemaire Duval Joly Gautier Roger \
        Roche Roy Noël Meyer Lucas Meunier Jean Pérez Marchand Dufour Blanchard Marie Barbier Brun Dumas Brunet Schmitt Leroux Colas Besnard",
};

static SPANISH: NameList = NameList {
    women: "María Carmen Josefa/Pepa Isabel Dolores/Lola Francisca/Paca Antonia Teresa/Tere Ana Laura Cristina/Cris Marta Lucía Elena Sara Paula Pilar/Pili \
        Raquel Concepción/Concha Rosario/Charo Mercedes/Merche Beatriz/Bea Silvia Rocío Nuria Inmaculada/Inma Patricia/Patri Guadalupe/Lupe Alejandra/Ale \
        Valentina/Vale Ximena Fernanda/Fer Sofía Camila Daniela/Dani Mónica Verónica/Vero Consuelo/Chelo Inés Begoña",
    men: "Antonio/Toño José/Pepe Manuel/Manolo Francisco/Paco/Pancho Juan Luis Javier/Javi Carlos Jesús Miguel Rafael/Rafa Pedro Ángel Alejandro/Alex Fernando/Fer \
        Alberto/Beto Sergio Pablo Jorge Ramón Enrique/Quique Eduardo/Edu Vicente Andrés Ignacio/Nacho Joaquín/Quino Álvaro Óscar Diego Santiago/Santi Mateo \
        Guillermo/Memo Roberto/Beto Gustavo/Gus Hernán Rodrigo Emilio Salvador/Chava Gabriel/Gabi Raúl Iñigo Gonzalo",
    surnames: "García González Rodríguez Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz Moreno Muñoz Álvarez Romero Alonso Gutiérrez \
        Navarro Torres Domínguez Vázquez Ramos Gil Ramírez Serrano Blanco Molina Morales Suárez Ortega Delgado Castro Ortiz Rubio Marín Sanz Núñez Iglesias Medina \
        Garrido Cortés Castillo Santos Lozano Guerrero Cano Prieto Méndez Cruz Calvo Gallego Vidal León Márquez Herrera Peña Flores Cabrera Campos Vega Fuentes \
        Carrasco Reyes Aguilar Nieto Caballero Santana Ibáñez Giménez Montero Hidalgo Benítez Arias Durán Ferrer Salazar Villanueva",
};

static POLISH: NameList = NameList {
    women: "Anna/Ania Maria/Marysia Katarzyna/Kasia Małgorzata/Gosia Agnieszka/Aga Barbara/Basia Ewa Krystyna Magdalena/Magda Elżbieta/Ela Joanna/Asia \
        Aleksandra/Ola Zofia/Zosia Monika Teresa Danuta Natalia Julia Karolina Marta Beata Dorota Zuzanna/Zuza Jolanta/Jola Grażyna Justyna Paulina Renata \
        Iwona Wiktoria Patrycja Kinga Hanna/Hania Łucja",
    men: "Piotr/Piotrek Krzysztof/Krzysiek Andrzej Tomasz/Tomek Paweł Jan/Janek Michał Marcin Jakub/Kuba Adam Marek Łukasz Grzegorz/Grzesiek Mateusz Wojciech/Wojtek \
        Mariusz Dariusz/Darek Zbigniew/Zbyszek Jerzy/Jurek Maciej/Maciek Rafał Robert Kamil Jacek Dawid Szymon Kacper Bartosz/Bartek Stanisław/Staszek Ryszard/Rysiek \
        Tadeusz Sławomir/Sławek Józef Przemysław/Przemek Sebastian/Seba Hubert Igor Leszek",
    surnames: "Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski Jankowski Mazur Wojciechowski Kwiatkowski \
        Krawczyk Kaczmarek Piotrowski Grabowski Zając Pawłowski Michalski Król Wieczorek Jabłoński Wróbel Nowakowski Majewski Olszewski Stępień Malinowski Jaworski \
        Adamczyk Dudek Nowicki Pawlak Górski Witkowski Walczak Sikora Baran Rutkowski Michalak Szewczyk Ostrowski Tomaszewski Pietrzak Zalewski Wróblewski Marciniak \
        Jasiński Sadowski Bąk Duda Włodarczyk Chmielewski Borkowski Sokołowski Szczepański Sawicki Kucharski Lis Maciejewski Kubiak",
};

static NORDIC: NameList = NameList {
    women: "Anna Kristina/Stina Margareta/Greta Elisabeth/Lisbeth Eva Birgitta/Gittan Karin Marie Ingrid Linnea Sofia Kerstin Lena Emma Johanna Malin Åsa Ulrika \
        Frida Astrid Elin Ebba Sigrid Saga Aino Helena Päivi Kaisa Tuuli Katariina/Kati Anneli Marjatta Hanna Liisa Ida Solveig Maja Freja Märta Ylva",
    men: "Erik Lars/Lasse Karl/Kalle Anders Johan/Jocke Per/Pelle Nils/Nisse Mikael/Micke Jan/Janne Hans/Hasse Fredrik Peter Björn Sven Gunnar Magnus Göran Mats \
        Håkan Oskar Axel Gustav Viktor Emil Jonas Henrik/Henke Bengt Leif Ulf Åke Juhani/Jussi Matti Antti Jukka Mikko Pekka Heikki Ville Sami Olli Tapio Søren Jørgen Kasper",
    surnames: "Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson Pettersson Jonsson Jansson Hansson Bengtsson Jönsson Lindberg \
        Jakobsson Magnusson Lindström Olofsson Lindqvist Lindgren Berg Axelsson Bergström Lundberg Lind Lundgren Lundqvist Mattsson Berglund Fredriksson Sandberg \
        Henriksson Forsberg Sjöberg Wallin Engström Danielsson Håkansson Eklund Lundin Korhonen Virtanen Mäkinen Nieminen Mäkelä Hämäläinen Laine Heikkinen Koskinen \
        Järvinen Lehtonen Saarinen Salminen Heinonen Niemi Salonen Sørensen Østergaard Åkesson Öberg",
};

static INDIAN: NameList = NameList {
    women: "Priya Ananya Divya Deepika/Deepa Kavita Sunita Anjali/Anju Neha Pooja Shreya Aishwarya/Aish Lakshmi Meera Nandini Ritu Sneha Swati Shalini Rekha Asha \
        Gayatri Padma Radhika Saraswati Sangeeta Vidya Vandana Tanvi Ishita Aditi Kiran Jyoti Archana Bhavna Chitra Geeta Harini Keerthi Madhuri/Madhu Nisha",
    men: "Rahul Amit Rajesh/Raj Sanjay Vijay Anil Sunil Suresh Ramesh Mahesh Arjun Rohan Karthik Aditya/Adi Vikram/Vicky Siddharth/Sid Abhishek/Abhi Ashok Deepak \
        Gopal Harish Krishnan/Kris Manoj Mohan Naveen Nikhil Pradeep Prakash Rajendra/Raju Ravi Sandeep/Sandy Satish Shankar Srinivas/Srini Subramaniam/Subbu \
        Venkatesh/Venky Vishal Yash Dinesh Mukesh Pranav Kunal Gaurav Varun",
    surnames: "Sharma Verma Gupta Singh Kumar Patel Shah Mehta Reddy Rao Nair Menon Iyer Iyengar Pillai Krishnan Subramanian Ramachandran Chatterjee Banerjee Mukherjee \
        Ghosh Bose Das Sen Roy Dutta Joshi Kulkarni Deshpande Patil Desai Jain Agarwal Bansal Kapoor Khanna Malhotra Chopra Bhatia Arora Sethi Gill Sandhu Dhillon \
        Naidu Chowdhury Mishra Tiwari Pandey Dubey Trivedi Shukla Saxena Srivastava Sinha Thakur Yadav Chauhan Rathore Bhatt Parekh Gandhi Kaur Hegde Shetty Kamath",
};

static JAPANESE: NameList = NameList {
    women: "Yoko Keiko Yumi Akiko Naoko Tomoko Yuki Haruka Sakura Misaki Aoi Rin Mei Hina Yui Nanami Ayumi Emi Kaori Mariko Michiko Noriko Reiko Sachiko Yasuko \
        Kazuko Hiroko Chihiro Asuka Megumi Natsuki Miho Rie Shiori Kana",
    men: "Hiroshi Takashi Kenji/Ken Satoshi Makoto Akira Takeshi Kazuo Yoshio Haruto Yuto Sota Ren Hayato Kaito Daiki Shota Kenta Ryo Tatsuya Naoki Masaki Yusuke \
        Daisuke Koji Shinji Tetsuya Noboru Osamu Minoru Isamu Susumu Jun Kei Shun",
    surnames: "Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Sasaki Yamaguchi Matsumoto Inoue Kimura Hayashi Shimizu Yamazaki \
        Mori Abe Ikeda Hashimoto Ishikawa Yamashita Ogawa Ishii Hasegawa Goto Okada Kondo Maeda Fujita Endo Aoki Sakamoto Murakami Ota Kaneko Fujii Fukuda Nishimura \
        Miura Takeuchi Nakagawa Okamoto Matsuda Harada Nakano Ono Tamura Fujiwara Nakayama Ishida Kojima Wada Morita Uchida Shibata",
};

static GREEK: NameList = NameList {
    women: "Maria Eleni/Lena Katerina Vasiliki/Vaso Sofia Georgia Angeliki Dimitra Ioanna Konstantina/Dina Anna Panagiota/Giota Christina Evangelia/Litsa Despina Athina",
    men: "Georgios/Giorgos Konstantinos/Kostas Dimitrios/Dimitris Ioannis/Giannis Nikolaos/Nikos Christos Panagiotis/Takis Vasilios/Vasilis Athanasios/Thanos Michail/Michalis \
        Evangelos/Vangelis Spyridon/Spyros Andreas Alexandros/Alekos Stavros Petros",
    surnames: "Papadopoulos Pappas Vlachos Angelopoulos Nikolaidis Georgiou Petridis Dimitriou Ioannidis Karagiannis Makris Antoniou Economou Papanikolaou Alexiou \
        Konstantinou Christodoulou Stavrou Theodorou Katsaros Samaras Galanis Lambrou Xenakis",
};

static SLAVIC: NameList = NameList {
    women: "Olena/Lena Oksana Iryna/Ira Nataliya/Natasha Kateryna/Katya Svitlana/Svitla Yuliya Halyna Maria Anna Mariya Elena Desislava/Desi Tsvetelina Ivanka/Vanya Gergana",
    men: "Oleksandr/Sasha Dmytro/Dima Andriy Serhiy Mykola/Kolya Volodymyr/Vova Yuriy Viktor Ihor Petro Georgi/Gosho Dimitar/Mitko Ivan/Vanyo Nikolay/Niki Stefan Boris",
    surnames: "Shevchenko Kovalenko Bondarenko Tkachenko Kravchenko Oliynyk Koval Melnyk Moroz Lysenko Marchenko Savchenko Rudenko Petrenko Kovalchuk Ivanov Petrov \
        Dimitrov Georgiev Nikolov Todorov Stoyanov Vasilev Angelov Popov Kolev Hristov Marinov",
};

/// Latin spelling = own script, for the names that some systems hold in their own script.
static SCRIPTS: &str = "Maria=Μαρία Eleni=Ελένη Katerina=Κατερίνα Vasiliki=Βασιλική Sofia=Σοφία Georgia=Γεωργία Angeliki=Αγγελική Dimitra=Δήμητρα \
    Ioanna=Ιωάννα Christina=Χριστίνα Georgios=Γεώργιος Konstantinos=Κωνσταντίνος Dimitrios=Δημήτριος Ioannis=Ιωάννης Nikolaos=Νικόλαος Christos=Χρήστος \
    Panagiotis=Παναγιώτης Vasilios=Βασίλειος Andreas=Ανδρέας Alexandros=Αλέξανδρος Stavros=Σταύρος Petros=Πέτρος Papadopoulos=Παπαδόπουλος Pappas=Παππάς \
    Vlachos=Βλάχος Nikolaidis=Νικολαΐδης Georgiou=Γεωργίου Petridis=Πετρίδης Dimitriou=Δημητρίου Ioannidis=Ιωαννίδης Makris=Μακρής Antoniou=Αντωνίου \
    Economou=Οικονόμου Alexiou=Αλεξίου Konstantinou=Κωνσταντίνου Stavrou=Σταύρου Samaras=Σαμαράς Olena=Олена Oksana=Оксана Iryna=Ірина Nataliya=Наталія \
    Kateryna=Катерина Svitlana=Світлана Yuliya=Юлія Halyna=Галина Oleksandr=Олександр Dmytro=Дмитро Andriy=Андрій Serhiy=Сергій Mykola=Микола \
    Volodymyr=Володимир Yuriy=Юрій Viktor=Віктор Ihor=Ігор Petro=Петро Georgi=Георги Dimitar=Димитър Ivan=Иван Nikolay=Николай Shevchenko=Шевченко \
    Kovalenko=Коваленко Bondarenko=Бондаренко Tkachenko=Ткаченко Kravchenko=Кравченко Koval=Коваль Melnyk=Мельник Moroz=Мороз Lysenko=Лисенко \
    Marchenko=Марченко Savchenko=Савченко Rudenko=Руденко Petrenko=Петренко Ivanov=Иванов Petrov=Петров Dimitrov=Димитров Georgiev=Георгиев Nikolov=Николов \
    Todorov=Тодоров Popov=Попов Hristov=Христов Marinov=Маринов";

/// Words that companies are named with.
pub(crate) static BRAND_FIRST: &str = "Apex Aurora Blue Bright Cascade Cedar Clear Cobalt Compass Copper Crest Crown Delta Eagle Ember Falcon Fern First Fjord Forge Fox \
    Glacier Golden Granite Green Harbor Hawthorn Helio Horizon Iron Ivy Jade Juniper Keystone Kite Lake Lark Laurel Lighthouse Linden Lunar Maple Meridian Metro Moss \
    Nimbus North Nova Oak Onyx Orbit Orchard Osprey Pacific Peak Pine Pioneer Polar Prime Quartz Quill Raven Red Ridge River Rowan Saffron Sage Silver Sky Slate Solar \
    Spruce Sterling Stone Summit Swift Terra Thistle Tidal Timber True Union Urban Vector Vertex Vista Willow Zenith";

pub(crate) static BRAND_SECOND: &str = "bridge field works point line ware gate path grid stream loop desk base port wave craft mark shift cast leaf";

/// Trades, as the second half of a company's name, with the industry a CRM files them under.
pub(crate) static TRADES: &[(&str, &str)] = &[
    ("Analytics", "COMPUTER_SOFTWARE"),
    ("Software", "COMPUTER_SOFTWARE"),
    ("Systems", "INFORMATION_TECHNOLOGY_AND_SERVICES"),
    ("Logistics", "LOGISTICS_AND_SUPPLY_CHAIN"),
    ("Consulting", "MANAGEMENT_CONSULTING"),
    ("Media", "MARKETING_AND_ADVERTISING"),
    ("Foods", "FOOD_PRODUCTION"),
    ("Health", "HOSPITAL_HEALTH_CARE"),
    ("Energy", "RENEWABLES_ENVIRONMENT"),
    ("Capital", "FINANCIAL_SERVICES"),
    ("Insurance", "INSURANCE"),
    ("Engineering", "MECHANICAL_OR_INDUSTRIAL_ENGINEERING"),
    ("Design", "DESIGN"),
    ("Robotics", "INDUSTRIAL_AUTOMATION"),
    ("Travel", "LEISURE_TRAVEL_TOURISM"),
    ("Education", "E_LEARNING"),
    ("Retail", "RETAIL"),
    ("Labs", "BIOTECHNOLOGY"),
    ("Print", "PRINTING"),
    ("Security", "COMPUTER_NETWORK_SECURITY"),
    ("Legal", "LEGAL_SERVICES"),
    ("Construction", "CONSTRUCTION"),
    ("Textiles", "TEXTILES"),
    ("Telecom", "TELECOMMUNICATIONS"),
];

/// Job titles, from the most to the least senior.
pub(crate) static TITLES: &[&str] = &[
    "CEO",
    "Managing Director",
    "CTO",
    "CFO",
    "Head of Operations",
    "Head of Marketing",
    "VP Sales",
    "IT Manager",
    "Office Manager",
    "Product Manager",
    "Project Manager",
    "Finance Manager",
    "HR Manager",
    "Procurement Manager",
    "Software Engineer",
    "Data Analyst",
    "Marketing Specialist",
    "Customer Success Manager",
    "Support Engineer",
    "Account Manager",
    "Accountant",
    "Consultant",
    "Designer",
    "System Administrator",
    "Sales Representative",
    "Assistant",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_long_enough_and_well_formed() {
        let mut given = 0;
        let mut surnames = 0;
        for culture in Culture::ALL {
            let list = culture.names();
            for entry in list.women.split_whitespace().chain(list.men.split_whitespace()) {
                assert!(entry.split('/').all(|form| !form.is_empty()), "{entry}");
                given += 1;
            }
            surnames += list.surnames.split_whitespace().count();
        }
        assert!(given > 450, "{given} given names");
        assert!(surnames > 550, "{surnames} surnames");
        assert_eq!(native_script("Olena"), Some("Олена"));
        assert_eq!(native_script("Smith"), None);
    }
}
